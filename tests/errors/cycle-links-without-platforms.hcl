target "base" {
  contexts = { app = "target:app" }
}

target "app" {
  contexts  = { base = "target:base" }
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64"]
}

target "tools" {
  contexts = { more = "target:more" }
}

target "more" {
  contexts = { tools = "target:tools", none = "target:nowhere" }
}

target "own" {
  contexts  = { tools = "target:tools" }
  tags      = ["ghcr.io/acme/own:1"]
  platforms = ["linux/amd64"]
}
