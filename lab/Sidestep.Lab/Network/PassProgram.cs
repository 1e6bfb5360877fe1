namespace Sidestep.Lab.Network;

/// <summary>
/// The XDP program that passes everything. A veth delivers frames that its peer sends by XDP_TX only if it has an XDP
/// program itself; without one the kernel drops them without counting. Real network cards do not need it.
/// </summary>
internal static class PassProgram
{
    private const string Resource = "pass.bpf.o";

    public static string Extract(string folder)
    {
        var path = Path.Combine(folder, Resource);
        using var embedded = typeof(PassProgram).Assembly.GetManifestResourceStream(Resource)
            ?? throw new LabException($"{Resource} is not embedded in sidestep-lab: build it again.");
        using var file = File.Create(path);
        embedded.CopyTo(file);
        return path;
    }
}
