# bakeplan plan apq web
target "app" {
  tags = ["ghcr.io/acme/app:1"]
}
