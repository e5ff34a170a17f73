target "app" {
  tags = ["ghcr.io/acme/app:1"]
}

target "web" {
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64"]
}
