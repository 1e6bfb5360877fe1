namespace Sidestep.Model;

/// <summary>The director's reaction when another host answers for one of its VIPs (RFC 5227).</summary>
/// <param name="Defend">True: announce the VIP again.</param>
/// <param name="Drain">True: drain a real server that answers for a VIP, until it stops answering.</param>
public sealed record ConflictDetectionSettings(bool Defend = true, bool Drain = false);
