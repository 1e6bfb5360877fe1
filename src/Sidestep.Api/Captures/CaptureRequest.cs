namespace Sidestep.Api.Captures;

/// <summary>Starts a capture. It ends when the client closes the connection.</summary>
/// <param name="Filter">The conditions of <c>sidestep capture</c>, such as <c>tcp and port 80</c>; empty: every frame
/// for a VIP.</param>
/// <param name="Snap">Recorded bytes of each frame.</param>
/// <param name="Sample">Sampling: one of this many frames is examined; 1: all.</param>
/// <param name="Rate">The most packets per second, received and sent frame counted once; 0: no limit.</param>
public sealed record CaptureRequest(string Filter = "", int Snap = 256, int Sample = 1, int Rate = 1000);
