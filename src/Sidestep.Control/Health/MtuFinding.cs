namespace Sidestep.Control.Health;

/// <summary>What is known of the MTU of the way to a server.</summary>
/// <param name="Room">The longest datagram that should fit, by the way out, the outer header taken off.</param>
/// <param name="Works">The longest that was answered; null: not even a short one.</param>
/// <param name="Problem">What is wrong and what to do; null: nothing.</param>
public sealed record MtuFinding(int Room, int? Works, string? Problem);
