# Reads one YAML (or JSON) document into arrays. What people write in cloud-config is understood: block and flow
# collections, plain, quoted and block scalars over several lines, comments. Anchors and merge keys are not.
#
#   TYPE[path]     "map", "seq" or "scalar"; "" when there is nothing
#   VALUE[path]    a scalar's text
#   QUOTED[path]   1 when it was written in quotes or as a block
#   COUNT[path]    members of a collection
#   KEY[path, n]   name of a map's member n, from 0
#
# A member's path is its collection's path, SUBSEP, and its key or number; `at(path, key)` makes it. The root is "".

{ sub(/\r$/, ""); LINE[++LINES] = $0 }

function at(path, key) { return path SUBSEP key }
function text(path, otherwise) { return TYPE[path] == "scalar" ? VALUE[path] : otherwise }
function truth(path, otherwise,   word) {
  word = tolower(text(path, ""))
  if (word ~ /^(true|yes|on|1)$/) return 1
  if (word ~ /^(false|no|off|0)$/) return 0
  return otherwise
}

function parse_document() {
  HERE = 1
  while (HERE <= LINES && (is_blank(LINE[HERE]) || LINE[HERE] ~ /^%/)) HERE++
  if (LINE[HERE] ~ /^---/) {
    sub(/^---[ \t]*/, "", LINE[HERE])
    if (LINE[HERE] == "" || LINE[HERE] ~ /^#/) HERE++
  }
  parse_node("", -1)
}

function is_blank(line) { return line ~ /^[ \t]*(#.*)?$/ }
function is_end(line) { return line ~ /^(---|\.\.\.)([ \t]|$)/ }
function indent_of(line) { match(line, /^ */); return RLENGTH }
function skip_blank() { while (HERE <= LINES && is_blank(LINE[HERE])) HERE++ }
function at_end() { return HERE > LINES || is_end(LINE[HERE]) }
function spaces(n,   s) { s = ""; while (n-- > 0) s = s " "; return s }

# Whatever stands at the next line, when it is indented deeper than `parent`.
function parse_node(path, parent,   indent, rest) {
  skip_blank()
  if (at_end()) return
  indent = indent_of(LINE[HERE])
  if (indent <= parent) return
  rest = substr(LINE[HERE], indent + 1)
  if (rest ~ /^-([ \t]|$)/) parse_sequence(path, indent)
  else if (key_length(rest) > 0) parse_mapping(path, indent)
  else { LINE[HERE] = rest; parse_value(path, parent, rest) }
}

function parse_sequence(path, indent,   n, rest, member, lead) {
  TYPE[path] = "seq"; n = 0
  for (;;) {
    skip_blank()
    if (at_end() || indent_of(LINE[HERE]) != indent) break
    rest = substr(LINE[HERE], indent + 1)
    if (rest !~ /^-([ \t]|$)/) break
    member = at(path, n++)
    COUNT[path] = n
    match(rest, /^-[ \t]*/); lead = RLENGTH
    rest = substr(rest, lead + 1)
    if (rest == "" || rest ~ /^#/) {
      HERE++
      TYPE[member] = "scalar"; VALUE[member] = ""
      parse_node(member, indent)
    } else if (rest ~ /^-([ \t]|$)/ || key_length(rest) > 0) {
      # A collection that begins on the dash's own line: blank the dash out and it is an ordinary one.
      LINE[HERE] = spaces(indent + lead) rest
      parse_node(member, indent)
    } else parse_value(member, indent, rest)
  }
}

function parse_mapping(path, indent,   rest, length_, name, member) {
  TYPE[path] = "map"
  for (;;) {
    skip_blank()
    if (at_end() || indent_of(LINE[HERE]) != indent) break
    rest = substr(LINE[HERE], indent + 1)
    length_ = key_length(rest)
    if (length_ == 0) break
    name = unquote(trim(substr(rest, 1, length_)))
    member = add_key(path, name)
    rest = substr(rest, length_ + 2)
    sub(/^[ \t]+/, "", rest)
    TYPE[member] = "scalar"; VALUE[member] = ""
    if (rest == "" || rest ~ /^#/) {
      HERE++
      skip_blank()
      # A list may stand at its key's own indent.
      if (!at_end() && indent_of(LINE[HERE]) == indent && LINE[HERE] ~ /^ *-([ \t]|$)/) parse_sequence(member, indent)
      else parse_node(member, indent)
    } else parse_value(member, indent, rest)
  }
}

function add_key(path, name,   member) {
  member = at(path, name)
  if (!(member in TYPE)) { KEY[path, COUNT[path] + 0] = name; COUNT[path]++ }
  return member
}

# Length of the key that `rest` begins with, 0 when it is no key: a key ends in a colon before a blank or the end.
function key_length(rest,   n, quote) {
  if (rest ~ /^["']/) {
    n = quoted_length(rest)
    return (n > 0 && substr(rest, n + 1) ~ /^[ \t]*:([ \t]|$)/) ? n + match(substr(rest, n + 1), /:/) - 1 : 0
  }
  if (rest ~ /^[[{#|>&*!%@`]/) return 0
  if (match(rest, /:([ \t]|$)/) == 0) return 0
  n = RSTART - 1
  return substr(rest, 1, n) ~ /[ \t]#/ ? 0 : n
}

# A value that begins on this line, inside a collection at `parent`.
function parse_value(path, parent, rest) {
  while (rest ~ /^[!&][^ \t]*([ \t]|$)/) sub(/^[!&][^ \t]*[ \t]*/, "", rest)
  if (rest ~ /^[|>]/) parse_block(path, parent, rest)
  else if (rest ~ /^[[{]/) parse_flow_lines(path, rest)
  else if (rest ~ /^["']/) parse_quoted(path, rest)
  else parse_plain(path, parent, rest)
}

function set_scalar(path, value, quoted) {
  TYPE[path] = "scalar"; VALUE[path] = value; QUOTED[path] = quoted
}

function parse_plain(path, parent, rest,   value, breaks) {
  value = strip_comment(rest)
  HERE++
  while (HERE <= LINES && !is_end(LINE[HERE])) {
    breaks = ""
    while (HERE <= LINES && LINE[HERE] ~ /^[ \t]*$/) { breaks = breaks "\n"; HERE++ }
    if (HERE > LINES || is_blank(LINE[HERE]) || indent_of(LINE[HERE]) <= parent) break
    if (rest ~ /[ \t]#/) break
    rest = trim(LINE[HERE])
    if (key_length(rest) > 0) break
    value = value (breaks == "" ? " " : breaks) strip_comment(rest)
    HERE++
  }
  if (value ~ /^(~|null|Null|NULL)$/) value = ""
  set_scalar(path, value, 0)
}

function strip_comment(value) {
  sub(/[ \t]+#.*$/, "", value)
  return trim(value)
}

function trim(value) { sub(/^[ \t]+/, "", value); sub(/[ \t]+$/, "", value); return value }

# Length of the quoted text that `s` begins with, its quotes included; 0 when it does not end.
function quoted_length(s,   quote, i, c, n) {
  quote = substr(s, 1, 1); n = length(s)
  for (i = 2; i <= n; i++) {
    c = substr(s, i, 1)
    if (quote == "\"" && c == "\\") { i++; continue }
    if (c != quote) continue
    if (quote == "'" && substr(s, i + 1, 1) == "'") { i++; continue }
    return i
  }
  return 0
}

function parse_quoted(path, rest,   whole, line, breaks) {
  whole = rest
  HERE++
  while (quoted_length(whole) == 0 && HERE <= LINES) {
    breaks = 0
    while (HERE <= LINES && LINE[HERE] ~ /^[ \t]*$/) { breaks++; HERE++ }
    line = trim(LINE[HERE++])
    if (whole ~ /[^\\]\\$/ && whole ~ /^"/) whole = substr(whole, 1, length(whole) - 1) line
    else { sub(/[ \t]+$/, "", whole); whole = whole (breaks ? newlines(breaks) : " ") line }
  }
  set_scalar(path, unquote(substr(whole, 1, quoted_length(whole))), 1)
}

function newlines(n,   s) { s = ""; while (n-- > 0) s = s "\n"; return s }

function unquote(s,   quote) {
  quote = substr(s, 1, 1)
  if (quote != "\"" && quote != "'") return s
  s = substr(s, 2, length(s) - 2)
  if (quote == "'") { gsub(/''/, "'", s); return s }
  return unescape(s)
}

function unescape(s,   out, i, c) {
  out = ""
  while ((i = index(s, "\\")) > 0) {
    out = out substr(s, 1, i - 1)
    c = substr(s, i + 1, 1)
    s = substr(s, i + 2)
    if (c == "x") { out = out character(hexadecimal(substr(s, 1, 2))); s = substr(s, 3) }
    else if (c == "u") {
      i = hexadecimal(substr(s, 1, 4)); s = substr(s, 5)
      if (i >= 55296 && i < 56320 && s ~ /^\\u/) {
        i = 65536 + (i - 55296) * 1024 + hexadecimal(substr(s, 3, 4)) - 56320; s = substr(s, 7)
      }
      out = out character(i)
    }
    else if (c == "U") { out = out character(hexadecimal(substr(s, 1, 8))); s = substr(s, 9) }
    else out = out escaped(c)
  }
  return out s
}

function escaped(c) {
  if (c == "n") return "\n"
  if (c == "t") return "\t"
  if (c == "r") return "\r"
  if (c == "b") return "\b"
  if (c == "f") return "\f"
  if (c == "v") return "\v"
  if (c == "a") return "\a"
  if (c == "e") return "\033"
  if (c == "_") return character(160)
  return c
}

function hexadecimal(digits,   value, i) {
  value = 0; digits = tolower(digits)
  for (i = 1; i <= length(digits); i++) value = value * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
  return value
}

# UTF-8.
function character(code) {
  if (code < 128) return sprintf("%c", code)
  if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
  if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
  return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}

# `|` keeps lines, `>` joins them; `-` drops the last line break, `+` keeps all that follow; a digit states the indent.
function parse_block(path, parent, header,   folded, chomp, indent, line, n, i, last) {
  folded = header ~ /^>/
  chomp = match(header, /^[|>][0-9]?[-+]/) ? substr(header, RLENGTH, 1) : ""
  indent = match(header, /^[|>][-+]?[0-9]/) ? (parent < 0 ? 0 : parent) + substr(header, RLENGTH, 1) : 0
  HERE++
  n = 0; last = 0
  for (; HERE <= LINES; HERE++) {
    line = LINE[HERE]
    if (line !~ /^ *$/) {
      if (indent == 0) { if (indent_of(line) <= parent) break; indent = indent_of(line) }
      if (indent_of(line) < indent || (indent == 0 && is_end(line))) break
      last = n + 1
    } else if (indent > 0 && length(line) > indent) last = n + 1 # what is further in than the text belongs to it
    # Unless stated, the first line with text sets the indent: blank ones before it are empty, however long.
    BLOCK[++n] = (indent == 0 && last == 0) ? "" : substr(line, indent + 1)
  }
  set_scalar(path, (folded ? fold(last) : join(last)) ending(chomp, last, n), 1)
}

function join(last,   value, i) {
  value = ""
  for (i = 1; i <= last; i++) value = value (i > 1 ? "\n" : "") BLOCK[i]
  return value
}

# Lines are joined by blanks, but not around empty and further indented ones.
function fold(last,   value, i, empty, previous) {
  value = ""; empty = 0; previous = ""
  for (i = 1; i <= last; i++) {
    if (BLOCK[i] == "") { empty++; continue }
    if (value != "" || previous != "") {
      if (previous ~ /^[ \t]/ || BLOCK[i] ~ /^[ \t]/) value = value newlines(empty + 1)
      else value = value (empty ? newlines(empty) : " ")
    } else value = newlines(empty)
    value = value BLOCK[i]
    previous = BLOCK[i]; empty = 0
  }
  return value
}

function ending(chomp, last, n) {
  if (chomp == "-") return ""
  if (chomp == "+") return newlines(n - last + (last > 0))
  return last > 0 ? "\n" : ""
}

# Flow collections are gathered into one text first: their line breaks mean no more than blanks.
function parse_flow_lines(path, rest) {
  FLOW = strip_flow_comment(rest)
  HERE++
  while (!flow_complete(FLOW) && HERE <= LINES) FLOW = FLOW " " strip_flow_comment(trim(LINE[HERE++]))
  parse_flow(path)
}

function strip_flow_comment(line,   i, c, n) {
  for (i = 1; i <= length(line); i++) {
    c = substr(line, i, 1)
    if (c ~ /["']/ && (n = quoted_length(substr(line, i))) > 0) i += n - 1
    else if (c == "#" && (i == 1 || substr(line, i - 1, 1) ~ /[ \t]/)) return substr(line, 1, i - 1)
  }
  return line
}

function flow_complete(s,   i, c, n, depth) {
  depth = 0
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    if (c ~ /["']/ && substr(s, 1, i - 1) ~ /[[{,:][ \t]*$/) {
      n = quoted_length(substr(s, i))
      if (n == 0) return 0
      i += n - 1
    } else if (c ~ /[[{]/) depth++
    else if (c ~ /[]}]/ && --depth == 0) return 1
  }
  return 0
}

function eat_blank() { sub(/^[ \t]+/, "", FLOW) }

function parse_flow(path,   c, n) {
  eat_blank()
  c = substr(FLOW, 1, 1)
  if (c == "[") parse_flow_sequence(path)
  else if (c == "{") parse_flow_mapping(path)
  else parse_flow_scalar(path, "[],{}")
}

function parse_flow_sequence(path,   n) {
  TYPE[path] = "seq"; n = 0
  FLOW = substr(FLOW, 2)
  for (;;) {
    eat_blank()
    if (FLOW == "" || FLOW ~ /^\]/) break
    parse_flow(at(path, n++))
    COUNT[path] = n
    eat_blank()
    if (FLOW ~ /^,/) FLOW = substr(FLOW, 2)
    else if (FLOW !~ /^\]/) break
  }
  FLOW = substr(FLOW, 2)
}

function parse_flow_mapping(path,   name) {
  TYPE[path] = "map"
  FLOW = substr(FLOW, 2)
  for (;;) {
    eat_blank()
    if (FLOW == "" || FLOW ~ /^}/) break
    parse_flow_scalar("\001key", ",}")
    name = VALUE["\001key"]
    eat_blank()
    path_member = add_key(path, name)
    TYPE[path_member] = "scalar"; VALUE[path_member] = ""
    if (FLOW ~ /^:/) { FLOW = substr(FLOW, 2); parse_flow(at(path, name)) }
    eat_blank()
    if (FLOW ~ /^,/) FLOW = substr(FLOW, 2)
    else if (FLOW !~ /^}/) break
  }
  FLOW = substr(FLOW, 2)
}

# A plain one ends at a delimiter, or at a colon before a blank.
function parse_flow_scalar(path, delimiters,   n, c, value) {
  if (FLOW ~ /^["']/) {
    n = quoted_length(FLOW)
    set_scalar(path, unquote(substr(FLOW, 1, n)), 1)
    FLOW = substr(FLOW, n + 1)
    return
  }
  for (n = 1; n <= length(FLOW); n++) {
    c = substr(FLOW, n, 1)
    if (index(delimiters, c) > 0 || (c == ":" && substr(FLOW, n + 1) ~ /^([], \t}]|$)/)) break
  }
  value = trim(substr(FLOW, 1, n - 1))
  FLOW = substr(FLOW, n)
  if (value ~ /^(~|null|Null|NULL)$/) value = ""
  set_scalar(path, value, 0)
}
