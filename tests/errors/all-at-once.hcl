target "app" {
  tags      = ["ghcr.io/Acme/app:1"]
  platforms = ["linux/amd64", "linux/x86_64"]
}

target "web" {
  contexts  = { base = "target:nowhere" }
  platforms = ["linux/amd64", "windows/amd64"]
}

image "app" {
  version = "one"
}

image "web" {
  repositories = ["ghcr.io/acme/web:1"]
  tags         = ["{{ patsch }}"]
}
