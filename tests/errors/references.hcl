target "app" {
  tags = [
    "ghcr.io/Acme/App:1",
    "ghcr.io/acme/app:one two",
    "ghcr.io/acme/app@sha256:abc",
    "ghcr.io//app",
    "ghcr.io/acme/app:${join("", [for i in range(129) : "x"])}",
  ]
  platforms = ["linux/amd64"]
}
