# bakeplan plan --out .
target "app" {
  tags = ["ghcr.io/acme/app:1"]
}
