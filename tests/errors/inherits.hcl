target "app" {
  inherits = ["_bse"]
  tags     = ["ghcr.io/acme/app:1"]
}

target "_base" {}
