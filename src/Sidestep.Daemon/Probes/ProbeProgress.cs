namespace Sidestep.Daemon.Probes;

/// <summary>How far a probe got before it failed: a server that accepted the connection answers from the VIP, whatever
/// its application says.</summary>
internal sealed class ProbeProgress
{
    /// <summary>True once the server accepted the TCP connection of the probe.</summary>
    internal bool IsConnected { get; set; }
}
