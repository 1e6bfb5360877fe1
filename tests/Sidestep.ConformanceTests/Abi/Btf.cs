using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sidestep.Engine.Xdp;

namespace Sidestep.ConformanceTests.Abi;

/// <summary>The types of the compiled program, as bpftool reads them from the embedded object.</summary>
internal sealed class Btf
{
    private readonly Dictionary<long, JsonElement> _types;

    private Btf(JsonElement types) =>
        _types = types.EnumerateArray().ToDictionary(static t => t.GetProperty("id").GetInt64());

    public static Btf OfDirector()
    {
        var file = Path.GetTempFileName();
        try
        {
            using (var copy = File.Create(file))
            using (var resource = typeof(XdpEngine).Assembly.GetManifestResourceStream("director.bpf.o")!)
                resource.CopyTo(copy);
            return new Btf(Dump(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Every named structure.</summary>
    public IEnumerable<Structure> Structures => _types.Values
        .Where(static t => Kind(t) == "STRUCT" && Name(t) != "(anon)")
        .Select(t => new Structure(Name(t), t.GetProperty("size").GetInt64(),
            [.. t.GetProperty("members").EnumerateArray().Select(m => MemberOf(m, Name(t)))]));

    /// <summary>Names of the variables of a section, e.g. <c>.rodata</c>.</summary>
    public IEnumerable<string> Variables(string section) => _types.Values
        .Where(t => Kind(t) == "DATASEC" && Name(t) == section)
        .SelectMany(t => t.GetProperty("vars").EnumerateArray().Select(v => Name(Reference(v))));

    private Member MemberOf(JsonElement member, string owner)
    {
        var bits = member.GetProperty("bits_offset").GetInt64();
        Assert.True(bits % 8 == 0, $"{owner}.{Name(member)} is a bit field");
        var (size, element) = SizeAndElement(Reference(member));
        return new Member(Name(member), bits / 8, size, element);
    }

    /// <summary>Size of a type and its element: the name of a structure, or the size of a number.</summary>
    private (long Size, string Element) SizeAndElement(JsonElement type)
    {
        switch (Kind(type))
        {
            case "TYPEDEF" or "CONST" or "VOLATILE":
                return SizeAndElement(Reference(type));
            case "ARRAY":
                var (size, element) = SizeAndElement(Reference(type));
                return (size * type.GetProperty("nr_elems").GetInt64(), element);
            case "STRUCT":
                return (type.GetProperty("size").GetInt64(), Name(type));
            case "INT" or "ENUM":
                var bytes = type.GetProperty("size").GetInt64();
                return (bytes, bytes.ToString(CultureInfo.InvariantCulture));
            default:
                throw new NotSupportedException($"a member of kind {Kind(type)} cannot be shared with C#");
        }
    }

    private JsonElement Reference(JsonElement type) => _types[type.GetProperty("type_id").GetInt64()];

    private static string Kind(JsonElement type) => type.GetProperty("kind").GetString()!;

    private static string Name(JsonElement type) => type.GetProperty("name").GetString()!;

    private static JsonElement Dump(string file)
    {
        var start = new ProcessStartInfo("bpftool", ["btf", "dump", "file", file, "format", "raw", "-j"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] += ":/usr/sbin";
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"bpftool: {errors.GetAwaiter().GetResult()}");
            return JsonDocument.Parse(output).RootElement.GetProperty("types").Clone();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException("bpftool is missing: apt-get install bpftool (./test installs it)", e);
        }
    }
}

/// <summary>A structure, in C or in C#.</summary>
/// <param name="Name">As in C.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Members">In any order.</param>
internal sealed record Structure(string Name, long Size, IReadOnlyList<Member> Members);

/// <summary>A member of a structure.</summary>
/// <param name="Name">As in C.</param>
/// <param name="Offset">Bytes.</param>
/// <param name="Size">Bytes, of the whole array if it is one.</param>
/// <param name="Element">The C name of a structure, or the size of a number; for an array, that of its
/// elements.</param>
internal sealed record Member(string Name, long Offset, long Size, string Element);
