using System.Net;
using System.Net.NetworkInformation;
using Sidestep.Daemon.Frames;
using Sidestep.Daemon.NextHops;
using Sidestep.Daemon.Probes;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon.Doctor;

/// <summary>The functions of this machine that the doctor uses. The caller disposes the objects that it
/// opens.</summary>
internal interface IDoctorHost
{
    /// <summary>The clock of all timeouts and time stamps.</summary>
    TimeProvider Time { get; }

    /// <summary>Opens the machine's network configuration.</summary>
    /// <exception cref="NativeException">The kernel gives no socket.</exception>
    IHostNetwork OpenNetwork();

    /// <summary>Opens a channel that receives ARP and neighbour advertisements.</summary>
    /// <exception cref="NativeException">CAP_NET_RAW is missing.</exception>
    IFrameChannel OpenNeighbourFrames();

    /// <summary>Opens a channel that receives all IP packets.</summary>
    /// <exception cref="NativeException">CAP_NET_RAW is missing.</exception>
    IFrameChannel OpenIpFrames();

    /// <summary>The setting and the route by which the kernel drops packets with this source address; null: it accepts
    /// them.</summary>
    /// <param name="source">The address.</param>
    /// <param name="interfaces">Names of the interfaces where the packets arrive.</param>
    /// <exception cref="NativeException">The kernel gives no socket.</exception>
    string? FindReplyFilter(IPAddress source, IReadOnlyCollection<string> interfaces);

    /// <summary>Reads the machine's own addresses.</summary>
    /// <exception cref="NetworkInformationException">The kernel refused.</exception>
    HostInfo ReadHostInfo();
}

/// <summary>The machine that the daemon runs on.</summary>
internal sealed class DoctorHost : IDoctorHost
{
    public TimeProvider Time => TimeProvider.System;

    public IHostNetwork OpenNetwork() => new NetlinkNetwork();

    public IFrameChannel OpenNeighbourFrames() => FrameChannel.OfNeighbours();

    public IFrameChannel OpenIpFrames() => FrameChannel.OfIp();

    public string? FindReplyFilter(IPAddress source, IReadOnlyCollection<string> interfaces) =>
        ReversePath.FilterOf(source, interfaces);

    public HostInfo ReadHostInfo() => HostInfo.OfThisMachine();
}
