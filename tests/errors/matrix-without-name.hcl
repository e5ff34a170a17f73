# bakeplan print
target "a" {
  matrix = { os = ["x", "y"] }
}
target "b" {
  matrix = {
    version = ["1.2", "1.3"]
    slim    = [true, false]
  }
}
target "c" {
  matrix = { item = [{ tag = "1" }, { tag = "2" }] }
}
target "d" {
  name   = "d"
  matrix = { os = ["x", "y"] }
}
