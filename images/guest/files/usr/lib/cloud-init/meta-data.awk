# Turns a parsed meta-data (NoCloud's YAML, ConfigDrive's JSON) into shell variables and calls.

END {
  parse_document()
  print "INSTANCE_ID=" quote(first("instance-id", "instance_id", "uuid"))
  print "META_HOSTNAME=" quote(first("local-hostname", "hostname", "name"))
  print "meta_data_keys() {"; print "  :"
  print_keys(at("", "public-keys")); print_keys(at("", "public_keys"))
  print "}"
}

function quote(s) { gsub(/'/, "'\\''", s); return "'" s "'" }

function first(a, b, c) {
  if (text(at("", a), "") != "") return VALUE[at("", a)]
  if (text(at("", b), "") != "") return VALUE[at("", b)]
  return text(at("", c), "")
}

# A list, a mapping of names to keys, or EC2's mapping of numbers to { openssh-key }.
function print_keys(path,   i, key) {
  if (text(path, "") != "") print "  authorize_key \"$1\" " quote(VALUE[path])
  for (i = 0; i < COUNT[path] + 0; i++) {
    key = at(path, TYPE[path] == "map" ? KEY[path, i] : i)
    if (TYPE[key] == "map") key = at(key, "openssh-key")
    if (text(key, "") != "") print "  authorize_key \"$1\" " quote(VALUE[key])
  }
}
