using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>The keyed flow hash of docs/flow-hash.md; src/bpf/hash.h and select.h are the same in C.</summary>
/// <remarks>Addresses and ports enter as integers in host order, i.e. 192.0.2.1 is 0xC0000201.</remarks>
public static class FlowHash
{
    private const ulong Multiplier = 0xd6e8feb86659fd93;

    /// <summary>Hash over the source address alone.</summary>
    public static ulong OfSource(HashKey key, uint source) => Word(key.High, source, key.Low);

    /// <summary>Hash over both addresses, both ports and the protocol.</summary>
    public static ulong OfFiveTuple(HashKey key, uint source, uint destination, ushort sourcePort, ushort destinationPort, byte protocol)
    {
        var state = Word(key.High, (ulong)source << 32 | destination, key.Low);
        return Word(state, (ulong)protocol << 32 | (ulong)sourcePort << 16 | destinationPort, key.Low);
    }

    /// <summary>The slot of a hash in a table of <paramref name="slotCount"/> slots: its upper half, scaled.</summary>
    public static int Slot(ulong hash, int slotCount) => (int)((hash >> 32) * (ulong)slotCount >> 32);

    /// <summary>Mixes one word into the state.</summary>
    internal static ulong Word(ulong state, ulong word, ulong low)
    {
        state ^= word;
        state ^= state >> 32;
        state *= Multiplier;
        state ^= low;
        state ^= state >> 32;
        state *= Multiplier;
        return state ^ state >> 32;
    }
}
