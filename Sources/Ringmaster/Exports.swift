// Users of the live layer need the pure one's types too, and write one import.

@_exported import RingmasterProtocol
