# bakeplan plan --set platform=linux/amd64
target "app" {
  tags = ["ghcr.io/acme/app:1"]
}
