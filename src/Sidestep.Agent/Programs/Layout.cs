using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidestep.Agent.Programs;

/// <summary>Encapsulations, as bits: enum kind of src/bpf/agent/maps.h.</summary>
[Flags]
internal enum Kinds : uint
{
    None = 0,
    IpIp = 1,
    Gre = 2,
    Gue = 4,
}

/// <summary>struct address: the family in host byte order, then the address in network byte order.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AddressKey
{
    public uint Family;
    public Words Address;

    public static AddressKey Of(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var key = new AddressKey { Family = bytes.Length == 4 ? 4u : 6u };
        bytes.CopyTo(MemoryMarshal.AsBytes((Span<uint>)key.Address));
        return key;
    }

    public readonly IPAddress ToAddress()
    {
        Words words = Address;
        return new IPAddress(MemoryMarshal.AsBytes((Span<uint>)words)[..(Family == 4 ? 4 : 16)]);
    }

    [InlineArray(4)]
    internal struct Words
    {
        private uint _first;
    }
}

/// <summary>struct prefix: how many bits of what follows count.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PrefixKey
{
    private const uint FamilyBits = 32;
    public uint Bits;
    public AddressKey Address;

    public static PrefixKey Of(IPNetwork network) =>
        new() { Bits = FamilyBits + (uint)network.PrefixLength, Address = AddressKey.Of(network.BaseAddress) };

    public readonly IPNetwork ToNetwork() => new(Address.ToAddress(), (int)(Bits - FamilyBits));
}

/// <summary>struct vip.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VipValue
{
    public int Index;
    public uint Mss;
}

/// <summary>struct vip_counters.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct VipCounters
{
    public ulong Syn;
    public ulong SynAck;
    public ulong Reset;
}

/// <summary>struct settings.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SettingsValue
{
    public const int Ports = 8;
    public Kinds Kinds;
    public PortList GuePorts;

    /// <summary>In network byte order.</summary>
    [InlineArray(Ports)]
    internal struct PortList
    {
        private ushort _first;
    }
}
