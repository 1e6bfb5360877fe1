using FsCheck;
using FsCheck.Fluent;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

/// <summary>Generators of packet fields over their whole range; FsCheck's own prefer small numbers.</summary>
internal static class Gens
{
    public static Gen<ulong> Bits(int count) =>
        from high in Gen.Choose(0, int.MaxValue)
        from middle in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        select ((ulong)high << 62 ^ (ulong)middle << 31 ^ (ulong)low) & (
            count == 64 ? ulong.MaxValue : (1UL << count) - 1);

    public static Gen<byte> Byte => Bits(8).Select(static b => (byte)b);

    public static Gen<ushort> UInt16 => Bits(16).Select(static b => (ushort)b);

    public static Gen<uint> UInt32 => Bits(32).Select(static b => (uint)b);

    public static Gen<MacAddress> Mac => Bits(48).Select(static b => new MacAddress(b));

    public static Gen<Ipv4Address> Address => UInt32.Select(static b => new Ipv4Address(b));

    public static Gen<byte[]> Bytes(int shortest, int longest) =>
        from length in Gen.Choose(shortest, longest)
        from bytes in Gen.ArrayOf(Byte, length)
        select bytes;

    /// <summary>Input for parsers: random bytes, or a valid packet with some bytes changed and its end cut
    /// off.</summary>
    public static Gen<byte[]> Damaged(params byte[][] valid) => Gen.OneOf(
        Bytes(0, 100),
        from original in Gen.Elements(valid)
        from changes in Gen.ListOf(Gen.Choose(0, original.Length - 1).Zip(Byte), 3)
        from length in Gen.Choose(0, original.Length)
        select Damage(original, changes, length));

    /// <summary>Checks a property on many values; throws with the shrunk counterexample.</summary>
    public static void Check<T>(Gen<T> values, Func<T, bool> property, int tests = 2_000) =>
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(tests), Prop.ForAll(values.ToArbitrary(), property));

    private static byte[] Damage(byte[] original, IEnumerable<(int Index, byte Value)> changes, int length)
    {
        var bytes = original.ToArray();
        foreach (var (index, value) in changes)
            bytes[index] = value;
        return bytes[..length];
    }
}
