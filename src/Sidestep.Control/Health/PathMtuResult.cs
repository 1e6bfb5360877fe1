namespace Sidestep.Control.Health;

/// <summary>What is known of the MTU of the way to a server.</summary>
/// <param name="PathMtu">The longest datagram that should fit, by the way out, the outer header taken off.</param>
/// <param name="MeasuredPathMtu">The longest that was answered; null: not even a short one.</param>
/// <param name="Problem">What is wrong and what to do; null: nothing.</param>
public sealed record PathMtuResult(int PathMtu, int? MeasuredPathMtu, string? Problem);
