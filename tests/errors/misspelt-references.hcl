# bakeplan print
target "base" {
  context = "."
}
group "all" {
  targets = ["base"]
}
target "a" {
  context = target.bas.context
}
target "b" {
  context = target.base.contxt
}
target "c" {
  context = group.al.targets[0]
}
target "d" {
  context = target.nowhere.context
}
target "e" {
  context = target.bsae
}
