using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidestep.ConformanceTests.Abi;

/// <summary>The structures of Sidestep.Engine.Xdp.Layout, with the layout that the runtime gives them.</summary>
internal static class ManagedLayout
{
    private const string Namespace = "Sidestep.Engine.Xdp.Layout";
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    public static IEnumerable<Type> Types => typeof(Sidestep.Engine.Xdp.XdpEngine).Assembly.GetTypes()
        .Where(static t => t.Namespace == Namespace && !t.IsNested);

    /// <summary>Every structure except inline arrays.</summary>
    public static IReadOnlyList<Structure> Structures { get; } =
    [
        .. Types.Where(static t => t.IsValueType && !t.IsEnum && t.GetCustomAttribute<InlineArrayAttribute>() is null)
            .Select(static t => new Structure(CNames.Snake(t.Name), SizeOf(t),
                [.. t.GetFields(Fields).Select(f => MemberOf(t, f))])),
    ];

    private static Member MemberOf(Type type, FieldInfo field) => new(
        CNames.Snake(field.Name), OffsetOf(type, field), SizeOf(field.FieldType), ElementOf(field.FieldType));

    private static string ElementOf(Type type)
    {
        if (type.GetCustomAttribute<InlineArrayAttribute>() is not null)
            return ElementOf(type.GetFields(Fields).Single().FieldType);
        return type.IsPrimitive || type.IsEnum
            ? SizeOf(type).ToString(CultureInfo.InvariantCulture)
            : CNames.Snake(type.Name);
    }

    private static long SizeOf(Type type) => (long)Call(nameof(Size), [type]);

    /// <summary>Offset of a field: reads the structure from memory in which every byte holds its offset.</summary>
    private static long OffsetOf(Type type, FieldInfo field)
    {
        var offset = 0L;
        for (var part = 0; part < 3; part++)
            offset |= (long)(byte)Call(nameof(FirstByte), [type, field.FieldType], field, part) << 8 * part;
        return offset;
    }

    private static object Call(string method, Type[] types, params object[] arguments) =>
        typeof(ManagedLayout).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(types).Invoke(null, arguments)!;

    private static long Size<T>() => Unsafe.SizeOf<T>();

    private static byte FirstByte<TOwner, TField>(FieldInfo field, int part)
        where TOwner : unmanaged
        where TField : unmanaged
    {
        var memory = new byte[Unsafe.SizeOf<TOwner>()];
        for (var i = 0; i < memory.Length; i++)
            memory[i] = (byte)(i >> 8 * part);
        var value = (TField)field.GetValue(MemoryMarshal.Read<TOwner>(memory))!;
        return MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in value, 1))[0];
    }
}
