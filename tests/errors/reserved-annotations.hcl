target "app" {
  platforms = ["linux/amd64", "linux/arm64"]
  annotations = [
    "index:dev.bakeplan.run.number=999999",
    "manifest-descriptor[linux/amd64]:dev.bakeplan.run.ref=refs/heads/main",
    "dev.bakeplan.run.workflow=w",
    "dev.bakeplan.runs=1",
    "index:dev.bakeplan=1",
  ]
  output = ["type=image,annotation-index.dev.bakeplan.run.committed=2099-01-01T00:00:00Z"]
}

image "app" {
  repositories = ["ghcr.io/acme/app"]
  tags         = ["edge"]
  annotations = {
    "dev.bakeplan.run.revision" = "abc"
    "dev.bakeplan.ru"           = "1"
  }
}
