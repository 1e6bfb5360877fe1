using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidestep.Agent.Programs;

/// <summary>Encapsulations, as bits: enum kind of src/bpf/agent/maps.h.</summary>
[Flags]
internal enum EncapsulationFlags : uint
{
    None = 0,
    IpIp = 1,
    Gre = 2,
    Gue = 4,
}

/// <summary>struct address: the family in host byte order, then the address in network byte order.</summary>
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

/// <summary>struct prefix: how many bits of what follows count.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PrefixKey(uint Bits, AddressKey Address)
{
    private const uint FamilyBits = 32;

    public static PrefixKey Of(IPNetwork network) => new(FamilyBits + (uint)network.PrefixLength, AddressKey.Of(network.BaseAddress));

    public IPNetwork ToNetwork() => new(Address.ToAddress(), (int)(Bits - FamilyBits));
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
    public EncapsulationFlags Kinds;
    public PortList GuePorts;

    /// <summary>In network byte order.</summary>
    [InlineArray(Ports)]
    internal struct PortList
    {
        private ushort _first;
    }
}
