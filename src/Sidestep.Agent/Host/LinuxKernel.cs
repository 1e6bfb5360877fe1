using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidestep.Agent.Programs;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Host;

/// <summary>The running kernel, in the network namespace of this process.</summary>
internal sealed class LinuxKernel : IHostKernel
{
    private readonly NetlinkSocket _socket = NetlinkSocket.Open();

    public HostInventory ReadInventory()
    {
        var hasIPv6 = Directory.Exists("/proc/sys/net/ipv6");
        IReadOnlyList<InterfaceAddress> addresses = InterfaceAddresses.List(_socket);
        IReadOnlyList<IPNetwork> prefixes = LocalPrefixes.List(_socket, AddressFamily.InterNetwork);
        if (hasIPv6)
        {
            addresses = [.. addresses, .. InterfaceAddresses.List(_socket, AddressFamily.InterNetworkV6)];
            prefixes = [.. prefixes, .. LocalPrefixes.List(_socket, AddressFamily.InterNetworkV6)];
        }
        return new HostInventory
        {
            Interfaces = Interfaces.List(_socket),
            Addresses = addresses,
            LocalPrefixes = prefixes,
            DefaultRoutes = DefaultRoutes.List(_socket),
            HasIPv6 = hasIPv6,
            LoopbackHasIPv6 = ReadSysctl(new Sysctl("lo", Sysctl.DisableIPv6, "ipv6")) == 0,
        };
    }

    public int? ReadSysctl(Sysctl setting)
    {
        try
        {
            return int.Parse(File.ReadAllText(PathOf(setting)).AsSpan().Trim(), CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Writes in place, because a file of /proc can be neither created nor truncated.</summary>
    public void WriteSysctl(Sysctl setting, int value)
    {
        try
        {
            using var file = new FileStream(
                PathOf(setting), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            file.Write(Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"cannot set {setting.Name} to {value}: {e.Message}",
                "In a container, /proc/sys is often read-only: run the agent on the host, in the network namespace of "
                + "the container (nsenter --net=...).", e);
        }
    }

    public void AddVip(IPAddress vip) => LoopbackAddresses.Add(_socket, Loopback(), vip);

    public void RemoveAddress(InterfaceAddress address) => InterfaceAddresses.Remove(_socket, address);

    public void AddLocalPrefix(IPNetwork prefix) => LocalPrefixes.Add(_socket, Loopback(), prefix);

    public void RemoveLocalPrefix(IPNetwork prefix) => LocalPrefixes.Remove(_socket, Loopback(), prefix);

    public IReadOnlyList<(int InterfaceIndex, IPAddress Address)> NeighbourProxies() =>
        Native.Netlink.NeighbourProxies.List(_socket);

    public string? Qdisc(int interfaceIndex) => TcFilters.Qdisc(_socket, interfaceIndex);

    public void EnsureQdisc(int interfaceIndex) => TcIngress.EnsureQdisc(interfaceIndex);

    public void RemoveQdisc(int interfaceIndex) => TcIngress.RemoveQdisc(interfaceIndex);

    public IReadOnlyList<TcFilter> Filters(int interfaceIndex, Hook hook) => hook == Hook.Ingress
        ? TcFilters.Ingress(_socket, interfaceIndex) : TcFilters.Egress(_socket, interfaceIndex);

    public void DetachFilter(int interfaceIndex, Hook hook)
    {
        if (hook == Hook.Ingress)
            TcIngress.Detach(interfaceIndex, AttachedFilter.Place);
        else
            TcEgress.Detach(interfaceIndex, AttachedFilter.Place);
    }

    public IAgentPrograms LoadPrograms(AgentMaps? existing) => AgentPrograms.Load(existing);

    public IAttachedProgram OpenProgram(uint id) => new AttachedProgram(BpfProgram.OpenById(id));

    public void Dispose() => _socket.Dispose();

    private static string PathOf(Sysctl setting) => "/proc/sys/" + setting.Name;

    private int Loopback() => Interfaces.List(_socket).First(static i => i.IsLoopback).Index;
}
