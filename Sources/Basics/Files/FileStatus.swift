import SystemPackage

/// Kind, size and identity of a file, as the system has them without reading it.
public struct FileStatus: Sendable {
  public enum Kind: Sendable { case file, directory, symbolicLink, pipe, other }

  public let kind: Kind
  /// Bytes.
  public let size: Int
  public let identity: FileIdentity
  /// The time of the last change, since 1970.
  public let modified: (seconds: Int, nanoseconds: Int)

  /// The file at `path`.
  ///
  /// - Parameter followsLinks: `false` for a symbolic link itself, not the file it leads to.
  public init(path: String, followsLinks: Bool = true) throws(SystemError) {
    do throws(Errno) {
      self.init(try Stat(FilePath(path), followTargetSymlink: followsLinks))
    } catch {
      throw SystemError(error.rawValue)
    }
  }

  /// An open file.
  public init(descriptor: Int32) throws(SystemError) {
    do throws(Errno) {
      self.init(try Stat(FileDescriptor(rawValue: descriptor)))
    } catch {
      throw SystemError(error.rawValue)
    }
  }

  private init(_ status: Stat) {
    kind =
      switch status.type {
      case .regular: .file
      case .directory: .directory
      case .symbolicLink: .symbolicLink
      case .fifo: .pipe
      default: .other
      }
    size = Int(status.rawValue.st_size)
    identity = FileIdentity(
      device: UInt64(truncatingIfNeeded: status.rawValue.st_dev),
      inode: UInt64(truncatingIfNeeded: status.rawValue.st_ino))
    modified = (Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec))
  }
}

/// Tells a file from every other, whatever paths lead to it and whatever takes its name later.
public struct FileIdentity: Hashable, Sendable {
  public let device: UInt64
  public let inode: UInt64

  init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }

  /// The file at `path`, symbolic links followed; `nil` if there is none that can be reached.
  public init?(path: String) {
    guard let status = try? FileStatus(path: path) else { return nil }
    self = status.identity
  }
}
