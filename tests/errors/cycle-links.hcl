target "app" {
  contexts  = { base = "target:base" }
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64"]
}

target "base" {
  contexts  = { tools = "target:tools" }
  platforms = ["linux/amd64"]
}

target "tools" {
  contexts  = { base = "target:base" }
  platforms = ["linux/amd64"]
}

target "own" {
  contexts = { own = "target:own" }
  tags     = ["ghcr.io/acme/own:1"]
}
