function "tag" {
  params = [name]
  result = full(name)
}

function "full" {
  params = [name]
  result = "ghcr.io/${tag(name)}"
}
