namespace Sidestep.Control.Health;

/// <summary>The path MTU of a server, in bytes of the inner datagram.</summary>
/// <param name="PathMtu">The longest datagram that should arrive, by the MTU of the route less the outer
/// header.</param>
/// <param name="MeasuredPathMtu">The longest that was answered; null: not even a short one was.</param>
/// <param name="Problem">The fault and its remedy, one sentence; null: there is none.</param>
public sealed record PathMtuResult(int PathMtu, int? MeasuredPathMtu, string? Problem);
