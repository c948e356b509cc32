import Events

extension PassSettings {
  /// How passes are run with `options`, as a trace says it.
  init(_ options: EngineOptions) {
    self.init(
      strategy: options.strategy.rawValue,
      tileRows: options.strategy.tiles == .rows ? options.tileRows : nil,
      kvType: options.kvType.rawValue)
  }
}
