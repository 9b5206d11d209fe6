# Turns a network configuration into calls on one link after the other: netplan's version 2, cloud-init's version 1,
# or OpenStack's network_data.json.
#
#   use_link NAME MAC NEWNAME MTU    then for this link: dhcp, dhcp6, add_address CIDR, add_route TO VIA, add_dns, add_search

END {
  parse_document()
  root = TYPE[at("", "network")] == "map" ? at("", "network") : ""
  if (TYPE[at(root, "ethernets")] == "map") print_version2(at(root, "ethernets"))
  else if (TYPE[at(root, "config")] == "seq") print_version1(at(root, "config"))
  else if (TYPE[at(root, "links")] == "seq") print_openstack(root)
}

function quote(s) { gsub(/'/, "'\\''", s); return "'" s "'" }
function member(path, key) { return text(at(path, key), "") }
function call(name, value) { if (value != "") print name " " quote(value) }

function each(name, path,   i) {
  if (TYPE[path] != "seq") { call(name, text(path, "")); return }
  for (i = 0; i < COUNT[path] + 0; i++) call(name, VALUE[at(path, i)])
}

function use_link(name, mac, newname, mtu) {
  print "use_link " quote(name) " " quote(tolower(mac)) " " quote(newname) " " quote(mtu)
}

function route(to, via) {
  if (to == "" || to == "0.0.0.0/0" || to == "::/0") to = "default"
  if (via != "") print "add_route " quote(to) " " quote(via)
}

function print_version2(path,   i, name, link, routes, j) {
  for (i = 0; i < COUNT[path] + 0; i++) {
    name = KEY[path, i]; link = at(path, name)
    use_link(match_name(link, name), member(at(link, "match"), "macaddress"), member(link, "set-name"), member(link, "mtu"))
    if (truth(at(link, "dhcp4"), 0)) print "dhcp"
    if (truth(at(link, "dhcp6"), 0)) print "dhcp6"
    each("add_address", at(link, "addresses"))
    route("default", member(link, "gateway4")); route("default", member(link, "gateway6"))
    routes = at(link, "routes")
    for (j = 0; j < COUNT[routes] + 0; j++) route(member(at(routes, j), "to"), member(at(routes, j), "via"))
    each("add_dns", at(at(link, "nameservers"), "addresses"))
    each("add_search", at(at(link, "nameservers"), "search"))
  }
}

# An entry with `match` is named freely; without, its name is the link's.
function match_name(link, name) {
  if (TYPE[at(link, "match")] != "map") return name
  return member(at(link, "match"), "name")
}

function print_version1(path,   i, item, subnets, j) {
  for (i = 0; i < COUNT[path] + 0; i++) {
    item = at(path, i)
    if (member(item, "type") == "nameserver") { each("add_dns", at(item, "address")); each("add_search", at(item, "search")) }
    if (member(item, "type") != "physical") continue
    use_link(member(item, "name"), member(item, "mac_address"), "", member(item, "mtu"))
    subnets = at(item, "subnets")
    for (j = 0; j < COUNT[subnets] + 0; j++) print_subnet(at(subnets, j))
  }
}

function print_subnet(path,   kind, routes, i) {
  kind = member(path, "type")
  if (kind == "dhcp" || kind == "dhcp4") print "dhcp"
  if (kind ~ /^(dhcp6|ipv6_dhcpv6-stateful|ipv6_dhcpv6-stateless)$/) print "dhcp6"
  if (kind ~ /^static6?$/) print_static(member(path, "address"), member(path, "netmask"))
  route("default", member(path, "gateway"))
  routes = at(path, "routes")
  for (i = 0; i < COUNT[routes] + 0; i++) print_masked_route(at(routes, i), member(at(routes, i), "gateway"))
  each("add_dns", at(path, "dns_nameservers"))
  each("add_search", at(path, "dns_search"))
}

function print_static(address, netmask) {
  if (netmask != "" && address !~ /\//) address = address "/" prefix(netmask)
  call("add_address", address)
}

function print_masked_route(path, via,   to) {
  to = member(path, "network")
  if (to == "") to = member(path, "destination")
  if (member(path, "netmask") != "" && to !~ /\//) to = to "/" prefix(member(path, "netmask"))
  route(to, via)
}

# 255.255.255.0 and 24 are the same.
function prefix(netmask,   parts, n, i, bits) {
  if (netmask !~ /\./) return netmask
  n = split(netmask, parts, "."); bits = 0
  for (i = 1; i <= n; i++) while (parts[i] >= 128) { bits++; parts[i] = (parts[i] - 128) * 2 }
  return bits
}

function print_openstack(root,   links, networks, i, j, link, network, kind) {
  links = at(root, "links"); networks = at(root, "networks")
  for (i = 0; i < COUNT[links] + 0; i++) {
    link = at(links, i)
    use_link(member(link, "name"), member(link, "ethernet_mac_address"), "", member(link, "mtu"))
    for (j = 0; j < COUNT[networks] + 0; j++) {
      network = at(networks, j); kind = member(network, "type")
      if (member(network, "link") != member(link, "id")) continue
      if (kind == "ipv4_dhcp") print "dhcp"
      else if (kind ~ /^ipv6_dhcp/) print "dhcp6"
      else print_openstack_network(network)
    }
  }
  networks = at(root, "services")
  for (i = 0; i < COUNT[networks] + 0; i++)
    if (member(at(networks, i), "type") == "dns") call("add_dns", member(at(networks, i), "address"))
}

function print_openstack_network(network,   routes, i) {
  print_static(member(network, "ip_address"), member(network, "netmask"))
  route("default", member(network, "gateway"))
  routes = at(network, "routes")
  for (i = 0; i < COUNT[routes] + 0; i++) print_masked_route(at(routes, i), member(at(routes, i), "gateway"))
}
