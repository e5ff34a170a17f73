target "base" {
  platforms = ["linux/amd64", "linux/s390x"]
}

target "app" {
  contexts = {
    base  = "target:base"
    tools = "target:bas"
  }
  tags      = ["ghcr.io/acme/app:1"]
  platforms = ["linux/amd64", "linux/arm64"]
}
