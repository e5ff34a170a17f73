target "app" {
  tags = ["ghcr.io/acme/app:1"]

image "app" {
  tags = ["1"]
}
