namespace Sidestep.Engine.Managed.Drivers;

/// <summary>What a worker has done since it began.</summary>
/// <param name="Frames">Frames that it looked at.</param>
/// <param name="Sent">Frames that it handed to devices.</param>
/// <param name="LostReceived">Frames that came when it had no room.</param>
/// <param name="LostSent">Frames that no device took.</param>
/// <param name="AllocatedBytes">Managed memory that its thread has allocated.</param>
public readonly record struct WorkerFigures(long Frames, long Sent, long LostReceived, long LostSent, long AllocatedBytes);
