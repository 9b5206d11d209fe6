# Turns a parsed #cloud-config into shell: settings as variables, and one function for each stage that calls
# what the `stages` script defines. Everything of the user's is in single quotes.

END {
  parse_document()
  print_settings()
  print_function("stage_boot_commands"); print_commands("boot_command", at("", "bootcmd")); print "}"
  print_function("stage_files"); print_files(); print "}"
  print_function("stage_users"); print_users(); print_passwords(); print "}"
  print_function("stage_run_commands"); print_commands("run_command", at("", "runcmd")); print "}"
}

function quote(s) { gsub(/'/, "'\\''", s); return "'" s "'" }
function print_function(name) { print name "() {"; print "  :" }
function member(path, key, otherwise) { return text(at(path, key), otherwise) }

function print_settings(   name) {
  name = member("", "hostname", "")
  print "CONFIG_HOSTNAME=" quote(name)
  print "CONFIG_FQDN=" quote(member("", "fqdn", ""))
  print "CONFIG_PREFER_FQDN=" truth(at("", "prefer_fqdn_over_hostname"), 0)
  print "CONFIG_SSH_PASSWORDS=" truth(at("", "ssh_pwauth"), 0)
  print "CONFIG_TIMEZONE=" quote(member("", "timezone", ""))
  print "CONFIG_FINAL_MESSAGE=" quote(member("", "final_message", ""))
  print "CONFIG_IGNORED=" quote(ignored_keys())
}

function ignored_keys(   i, name, list) {
  list = ""
  for (i = 0; i < COUNT[""] + 0; i++) {
    name = KEY["", i]
    if (name !~ /^(hostname|fqdn|prefer_fqdn_over_hostname|preserve_hostname|manage_etc_hosts|ssh_pwauth|timezone|final_message|users|user|password|chpasswd|ssh_authorized_keys|disable_root|write_files|bootcmd|runcmd|system_info|local-hostname|instance-id)$/)
      list = list (list == "" ? "" : " ") name
  }
  return list
}

# A string is a line of shell; a list is a command and its arguments.
function command_text(path,   i, words) {
  if (TYPE[path] != "seq") return VALUE[path]
  words = ""
  for (i = 0; i < COUNT[path] + 0; i++) words = words (i ? " " : "") quote(VALUE[at(path, i)])
  return words
}

function print_commands(call, path,   i) {
  if (TYPE[path] == "scalar" && VALUE[path] != "") print "  " call " " quote(VALUE[path])
  for (i = 0; TYPE[path] == "seq" && i < COUNT[path] + 0; i++) print "  " call " " quote(command_text(at(path, i)))
}

function print_files(   path, i, file) {
  path = at("", "write_files")
  for (i = 0; i < COUNT[path] + 0; i++) {
    file = at(path, i)
    print "  write_file " quote(member(file, "path", "")) " " quote(member(file, "permissions", "0644")) \
      " " quote(member(file, "owner", "root:root")) " " quote(member(file, "encoding", "")) \
      " " truth(at(file, "append"), 0) " " truth(at(file, "defer"), 0) " " quote(member(file, "content", ""))
  }
}

# `default` in the list of users, or no list at all, means the image's own user, to whom the top level's keys and
# password belong.
function print_users(   path, i, user) {
  DEFAULT_USER = default_user_name()
  path = at("", "users")
  if (TYPE[path] != "seq" || COUNT[path] + 0 == 0) print_default_user()
  for (i = 0; TYPE[path] == "seq" && i < COUNT[path] + 0; i++) {
    user = at(path, i)
    if (text(user, "") == "default") print_default_user()
    else if (TYPE[user] == "scalar" && VALUE[user] != "") print "  add_user " quote(VALUE[user]) " '' '' '' ''"
    else if (TYPE[user] == "map") print_user(user)
  }
  if (FIRST_USER == "") FIRST_USER = DEFAULT_USER
  print_keys(FIRST_USER, at("", "ssh_authorized_keys"))
}

function default_user_name(   path) {
  path = at("", "user")
  if (text(path, "") != "") return VALUE[path]
  if (member(path, "name", "") != "") return member(path, "name", "")
  return member(at(at("", "system_info"), "default_user"), "name", "vmpod")
}

function print_default_user() {
  FIRST_USER = DEFAULT_USER
  print "  add_user " quote(DEFAULT_USER) " '' '' sudo ''"
  print "  allow_sudo " quote(DEFAULT_USER)
  print "  authorize_metadata_keys " quote(DEFAULT_USER)
  if (TYPE[at("", "user")] == "map") print_user_details(DEFAULT_USER, at("", "user"))
}

function print_user(user,   name) {
  name = member(user, "name", "")
  if (name == "") return
  if (FIRST_USER == "") FIRST_USER = name
  print "  add_user " quote(name) " " quote(member(user, "gecos", "")) " " quote(member(user, "shell", "")) \
    " " quote(list(at(user, "groups"))) " " quote(member(user, "homedir", ""))
  print_user_details(name, user)
}

function print_user_details(name, user,   sudo) {
  sudo = at(user, "sudo")
  if (TYPE[sudo] == "seq" || (text(sudo, "") != "" && tolower(VALUE[sudo]) !~ /^(false|no|off)$/)) print "  allow_sudo " quote(name)
  print_keys(name, at(user, "ssh_authorized_keys"))
  print_keys(name, at(user, "ssh-authorized-keys"))
  if (member(user, "plain_text_passwd", "") != "") print "  set_password " quote(name) " " quote(member(user, "plain_text_passwd", ""))
  if (member(user, "passwd", "") != "") print "  set_password_hash " quote(name) " " quote(member(user, "passwd", ""))
  if (member(user, "hashed_passwd", "") != "") print "  set_password_hash " quote(name) " " quote(member(user, "hashed_passwd", ""))
  if (truth(at(user, "lock_passwd"), 1) && member(user, "plain_text_passwd", "") == "") print "  lock_password " quote(name)
}

function list(path,   i, names) {
  if (TYPE[path] != "seq") { names = text(path, ""); gsub(/[ \t]/, "", names); return names }
  names = ""
  for (i = 0; i < COUNT[path] + 0; i++) names = names (i ? "," : "") VALUE[at(path, i)]
  return names
}

function print_keys(name, path,   i) {
  if (text(path, "") != "") print "  authorize_key " quote(name) " " quote(VALUE[path])
  for (i = 0; TYPE[path] == "seq" && i < COUNT[path] + 0; i++) print "  authorize_key " quote(name) " " quote(VALUE[at(path, i)])
}

# password: the first user's. chpasswd: `list` as lines or as a sequence of NAME:PASSWORD, `users` as mappings.
function print_passwords(   path, i, user, lines, n) {
  if (member("", "password", "") != "") print_password(FIRST_USER, member("", "password", ""))
  path = at(at("", "chpasswd"), "list")
  n = split(text(path, ""), lines, "\n")
  for (i = 1; i <= n; i++) print_pair(lines[i])
  for (i = 0; TYPE[path] == "seq" && i < COUNT[path] + 0; i++) print_pair(VALUE[at(path, i)])
  path = at(at("", "chpasswd"), "users")
  for (i = 0; i < COUNT[path] + 0; i++) {
    user = at(path, i)
    if (member(user, "type", "hash") == "hash") print "  set_password_hash " quote(member(user, "name", "")) " " quote(member(user, "password", ""))
    else print "  set_password " quote(member(user, "name", "")) " " quote(member(user, "password", ""))
  }
}

function print_pair(pair,   colon) {
  colon = index(pair, ":")
  if (colon > 1) print_password(trim(substr(pair, 1, colon - 1)), substr(pair, colon + 1))
}

function print_password(name, password) {
  print (password ~ /^\$[0-9a-z]+\$/ ? "  set_password_hash " : "  set_password ") quote(name) " " quote(password)
}
