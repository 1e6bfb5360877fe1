namespace Sidestep.Forwarding.Running;

/// <summary>A worker of the managed engine.</summary>
/// <param name="Name">As the kernel shows the thread.</param>
/// <param name="Figures">What it has done.</param>
public sealed record WorkerStatus(string Name, WorkerFigures Figures);

/// <summary>What a worker has done since it began.</summary>
/// <param name="Frames">Frames that it looked at.</param>
/// <param name="Sent">Frames that it handed to devices.</param>
/// <param name="LostReceived">Frames that came when it had no room.</param>
/// <param name="LostSent">Frames that no device took.</param>
/// <param name="AllocatedBytes">Managed memory that its thread has allocated.</param>
public readonly record struct WorkerFigures(long Frames, long Sent, long LostReceived, long LostSent, long AllocatedBytes);
