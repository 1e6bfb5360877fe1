using System.Net;
using System.Net.Sockets;
using Sidestep.Daemon.Multicast;
using Sidestep.Native;

namespace Sidestep.UnitTests.Daemon.Multicast;

/// <summary>The kernel's lists of multicast addresses, and the sockets of members.</summary>
internal sealed class FakeMulticast : IMulticastMacs
{
    /// <summary>Interface and twelve hexadecimal digits.</summary>
    public HashSet<(string Interface, string Mac)> Entries { get; } = [];

    /// <summary>Changes of entries and memberships, in their order.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Interfaces that the kernel refuses to change.</summary>
    public HashSet<string> Refuses { get; } = [];

    /// <summary>Indexes of interfaces that the kernel refuses to join or leave.</summary>
    public HashSet<int> RefusedMembers { get; } = [];

    public int Sockets { get; private set; }

    public int OpenSockets { get; private set; }

    public IReadOnlySet<(string Interface, string Mac)> List() => Entries.ToHashSet();

    public bool Add(string interfaceName, ReadOnlySpan<byte> mac)
    {
        var entry = Entry("add", interfaceName, mac);
        return Entries.Add(entry);
    }

    public void Remove(string interfaceName, ReadOnlySpan<byte> mac) =>
        Entries.Remove(Entry("remove", interfaceName, mac));

    public IMembershipSocket Open()
    {
        Sockets++;
        OpenSockets++;
        return new Member(this, Sockets);
    }

    private (string, string) Entry(string what, string interfaceName, ReadOnlySpan<byte> mac)
    {
        if (Refuses.Contains(interfaceName))
            throw new NativeException($"{what} a multicast address", 19);
        var text = Convert.ToHexStringLower(mac);
        Calls.Add($"{what} {text} on {interfaceName}");
        return (interfaceName, text);
    }

    private sealed class Member(FakeMulticast kernel, int number) : IMembershipSocket
    {
        public void Join(int interfaceIndex, IPAddress address) => Change("join", interfaceIndex, address);

        public void Leave(int interfaceIndex, IPAddress address) => Change("leave", interfaceIndex, address);

        public void Dispose() => kernel.OpenSockets--;

        private void Change(string what, int interfaceIndex, IPAddress address)
        {
            if (kernel.RefusedMembers.Contains(interfaceIndex))
                throw new SocketException((int)SocketError.NoBufferSpaceAvailable);
            kernel.Calls.Add($"{what} {address} on {interfaceIndex} by socket {number}");
        }
    }
}
