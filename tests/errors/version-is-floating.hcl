target "ubuntu" {
  matrix    = { version = ["24.04", "24.04.1", "24.10"] }
  name      = "ubuntu-${replace(version, ".", "_")}"
  platforms = ["linux/amd64"]
}

image "ubuntu" {
  repositories = ["ghcr.io/acme/ubuntu"]
  version      = version
}
