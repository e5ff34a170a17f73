target "app" {
  platforms = ["linux/amd64"]
}

target "web" {
  platforms = ["linux/amd64"]
}

image "app" {
  repositories = ["docker.io/acme/app"]
  tags         = ["1", "latest"]
}

image "web" {
  repositories = ["acme/app"]
  tags         = ["2", "latest"]
}
