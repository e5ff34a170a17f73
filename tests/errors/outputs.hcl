target "app" {
  tags      = ["ghcr.io/acme/app:1"]
  output    = ["type=image", "type=registry"]
  platforms = ["linux/amd64"]
}

target "docs" {
  tags      = ["ghcr.io/acme/docs:1"]
  output    = ["type=local,dest=docs"]
  platforms = ["linux/amd64"]
}

image "app" {}

image "docs" {}
