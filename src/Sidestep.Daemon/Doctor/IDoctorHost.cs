using System.Net.NetworkInformation;
using Sidestep.Daemon.Frames;
using Sidestep.Daemon.NextHops;
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

    public HostInfo ReadHostInfo() => HostInfo.OfThisMachine();
}
