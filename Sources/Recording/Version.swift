/// The version of nibble, in traces and in `nibble --version`.
public let nibbleVersion = "0.1.0"
