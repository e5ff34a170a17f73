target "app" {
  tags      = ["app:dev"]
  platforms = ["linux/amd64"]
}

image "app" {
  version = "1.2.3"
}
