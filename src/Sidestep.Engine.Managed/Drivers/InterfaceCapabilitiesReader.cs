using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Reads the capabilities that driver selection depends on. It attaches and changes nothing.</summary>
public static class InterfaceCapabilitiesReader
{
    private const string OwnPrograms = "director", OwnSocketsProgram = "to_sockets";

    /// <summary>Reads the capabilities of an interface and of this machine from the kernel.</summary>
    /// <param name="interfaceName">The kernel's name of the interface; need not exist.</param>
    /// <exception cref="EngineException">The kernel returned an error.</exception>
    public static InterfaceCapabilities Read(string interfaceName)
    {
        try
        {
            return ReadAll(interfaceName);
        }
        catch (NativeException e)
        {
            throw new EngineException($"cannot read the capabilities of interface '{interfaceName}': {e.Message}", e);
        }
    }

    private static InterfaceCapabilities ReadAll(string name)
    {
        using var netlink = NetlinkSocket.Open();
        var all = Interfaces.List(netlink);
        var machine = new InterfaceCapabilities
        {
            Name = name,
            Cpus = Kernel.AllowedCpus.Count,
            MissingBpfCapabilities = Kernel.MissingCapabilities(),
            LacksNetRaw = Kernel.LacksNetRaw,
            HasLibbpf = Kernel.HasLibbpf,
            Kernel = Kernel.Release,
            HasXdpSockets = Kernel.HasXdpSockets,
        };
        if (all.FirstOrDefault(i => i.Name == name) is not { } found)
            return machine with { OtherInterfaces = [.. all.Select(static i => i.Name)] };
        var details = LinkDetails.Of(netlink, found.Index);
        var features = XdpFeatureQuery.Of(found.Index);
        var on = EthtoolFeatures.Enabled(name);
        var queues = ReceiveQueues.Of(name);
        var (otherProgram, isGeneric) = machine.HasLibbpf ? OtherProgramOf(found.Index) : (null, false);
        return machine with
        {
            IsEthernet = found.IsEthernet && !found.IsLoopback,
            IsUp = found.IsUp,
            DeviceDriver = EthtoolFeatures.Driver(name),
            Kind = details.Kind,
            Master = details.Master,
            MasterKind = details.MasterKind,
            Peer = details.Peer,
            PeerAcceptsXdp = details.Peer is { } peer ? AcceptsXdp(all, peer) : null,
            Queues = queues.Count,
            QueuesAreCombined = queues.AreCombined,
            MtuBytes = found.MtuBytes,
            HasLro = on.Contains("rx-lro"),
            HasHardwareGro = on.Contains("rx-gro-hw"),
            SupportsXdp = features is { } known ? (known & XdpFeatures.Basic) != 0 : null,
            SupportsZeroCopy = features is { } also ? (also & XdpFeatures.ZeroCopy) != 0 : null,
            OtherProgram = otherProgram,
            OtherProgramIsGeneric = isGeneric,
        };
    }

    private static bool AcceptsXdp(IReadOnlyList<InterfaceInfo> all, string peer)
    {
        var index = all.FirstOrDefault(i => i.Name == peer)?.Index;
        return EthtoolFeatures.Enabled(peer).Contains("rx-gro")
            || (index is { } at && Kernel.HasLibbpf && XdpState.Of(at) is not (0, 0));
    }

    private static (string? Name, bool IsGeneric) OtherProgramOf(int index)
    {
        var state = XdpState.Of(index);
        var id = state.NativeProgramId != 0 ? state.NativeProgramId : state.GenericProgramId;
        if (id == 0)
            return (null, false);
        try
        {
            using var program = BpfProgram.OpenById(id);
            return program.Name is OwnPrograms or OwnSocketsProgram
                ? (null, false) : ($"the XDP program '{program.Name}'", state.NativeProgramId == 0);
        }
        catch (NativeException)
        {
            // Only CAP_SYS_ADMIN may open programs of other processes.
            return ("another XDP program", state.NativeProgramId == 0);
        }
    }
}
