# bakeplan plan apq web lib*
target "app" {
  tags = ["ghcr.io/acme/app:1"]
}

image "app" {}
