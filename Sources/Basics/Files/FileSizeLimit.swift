import Foundation

/// The most bytes that a file may have that this process writes, as `ulimit -f` sets it; `nil`
/// where there is no limit.
public func fileSizeLimit() -> Int? {
  #if canImport(Glibc)
    let resource = Int32(RLIMIT_FSIZE.rawValue)
  #else
    let resource = RLIMIT_FSIZE
  #endif
  var limit = rlimit()
  guard getrlimit(resource, &limit) == 0 else { return nil }
  // Without a limit it is the largest number that there is, or that fits in a signed one.
  return limit.rlim_cur < Int64.max ? Int(limit.rlim_cur) : nil
}
