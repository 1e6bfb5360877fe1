using Sidestep.Native;

namespace Sidestep.Agent.Decapsulation;

/// <summary>The program of this agent, in the kernel, not attached yet.</summary>
internal sealed class DecapsulationProgram : IDisposable
{
    private const string Resource = "decapsulate.bpf.o";
    private readonly BpfObject _object;
    private readonly BpfProgram _program;

    private DecapsulationProgram(BpfObject loaded)
    {
        _object = loaded;
        _program = loaded.Program(AttachedFilter.ProgramName);
        Maps = DecapsulationMaps.Of(loaded);
    }

    public DecapsulationMaps Maps { get; }

    public string Tag => _program.Tag;

    /// <summary>Loads the program, with the maps of one that is attached if they still fit: entries and counts live on.</summary>
    public static DecapsulationProgram Load(DecapsulationMaps? existing)
    {
        using var stream = typeof(DecapsulationProgram).Assembly.GetManifestResourceStream(Resource)!;
        var image = new byte[stream.Length];
        stream.ReadExactly(image);
        var opened = BpfObject.Open(image, "sidestep");
        try
        {
            opened.SetMaxEntries(DecapsulationMaps.CountersName, Kernel.PossibleCpus);
            if (existing is not null && DecapsulationMaps.Names.All(n => existing[n].Shape == opened.Shape(n)))
            {
                foreach (var name in DecapsulationMaps.Names)
                    opened.Reuse(name, existing[name]);
            }
            opened.Load();
            return new DecapsulationProgram(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>True when an attached program is this one: the same code on the same maps.</summary>
    public bool IsSameAs(BpfProgram attached) =>
        attached.Tag == Tag && attached.MapIds().ToHashSet().SetEquals(_program.MapIds());

    public void Attach(int interfaceIndex, bool replace) => TcIngress.Attach(interfaceIndex, _program, AttachedFilter.Place, replace);

    public void Dispose()
    {
        Maps.Dispose();
        _program.Dispose();
        _object.Dispose();
    }
}
