using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidestep.Agent.Programs;

/// <summary>Encapsulations as bits: enum kind of src/bpf/agent/maps.h.</summary>
[Flags]
internal enum EncapsulationFlags : uint
{
    None = 0,
    IpIp = 1,
    Gre = 2,
    Gue = 4,
}

/// <summary>struct address: the family (4 or 6) in host byte order, then the address in network byte order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct AddressKey(uint Family, uint First, uint Second, uint Third, uint Fourth)
{
    public static AddressKey Of(IPAddress address)
    {
        Span<uint> words = stackalloc uint[4];
        words.Clear();
        address.TryWriteBytes(MemoryMarshal.AsBytes(words), out var length);
        return new AddressKey(length == 4 ? 4u : 6u, words[0], words[1], words[2], words[3]);
    }

    public IPAddress ToAddress()
    {
        ReadOnlySpan<uint> words = [First, Second, Third, Fourth];
        return new IPAddress(MemoryMarshal.AsBytes(words)[..(Family == 4 ? 4 : 16)]);
    }
}

/// <summary>struct prefix: the number of leading bits of the following address that must match, family
/// included.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PrefixKey(uint Bits, AddressKey Address)
{
    private const uint FamilyBits = 32;

    public static PrefixKey Of(IPNetwork network) =>
        new(FamilyBits + (uint)network.PrefixLength, AddressKey.Of(network.BaseAddress));

    public IPNetwork ToNetwork() => new(Address.ToAddress(), (int)(Bits - FamilyBits));
}

/// <summary>The value of a VIP, <c>struct vip</c> of src/bpf/agent/maps.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VipValue
{
    /// <summary>Index of its counters in the map vip_counters.</summary>
    public int Index;

    /// <summary>The largest MSS that a SYN-ACK may offer, bytes; 0: no limit.</summary>
    public uint Mss;
}

/// <summary>struct vip_counters: TCP packets of a VIP.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VipCounters
{
    /// <summary>SYNs received, counted without an outer header.</summary>
    public ulong Syn;

    /// <summary>SYN-ACKs sent, with the VIP as source.</summary>
    public ulong SynAck;

    /// <summary>RSTs sent, with the VIP as source.</summary>
    public ulong Reset;
}

/// <summary>Settings of the programs, <c>struct settings</c> of src/bpf/agent/maps.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SettingsValue
{
    /// <summary>GUE_PORTS: how many UDP ports of GUE can be configured.</summary>
    public const int Ports = 8;

    public EncapsulationFlags Kinds;
    public PortList GuePorts;

    /// <summary>UDP ports in network byte order; 0: unused.</summary>
    [InlineArray(Ports)]
    internal struct PortList
    {
        private ushort _first;
    }
}
