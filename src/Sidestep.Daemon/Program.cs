using System.CommandLine;
using System.Runtime.InteropServices;
using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.Native;

var config = new Option<string>("--config", "-c")
{
    Description = "The configuration file (docs/configuration.md); it is watched, and changes are applied as they are made.",
    Required = true,
};
var root = new RootCommand("Sidestep's director: forwards packets for virtual IPs to real servers, which answer clients directly.") { config };
root.SetAction(arguments => RunAsync(arguments.GetValue(config)!));
// Signals are handled in RunAsync: the library would listen only once the start is over.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }).ConfigureAwait(false);

static async Task<int> RunAsync(string path)
{
    const int Failed = 1;
    using var stop = new CancellationTokenSource();
    // The registrations outlive nothing: they go before what they cancel. A start that is under way ends first.
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    var file = new ConfigurationFile(path);
    try
    {
        var result = file.Read();
        foreach (var warning in result.Warnings)
            Log.Warning(warning.Format(path, "warning"));
        foreach (var error in result.Errors)
            Log.Error(error.Format(path, "error"));
        if (result.Configuration is not { } configuration)
            return Failed;
        // What services are used to be told by; it would end the process otherwise.
        using var reload = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            file.ForceReload();
        });
        await new Director(file, configuration).RunAsync(stop.Token).ConfigureAwait(false);
        return 0;
    }
    catch (Exception e) when (e is EngineException or NativeException)
    {
        Log.Error(e.Message);
        return Failed;
    }
    catch (Exception e) when (e is IOException or UnauthorizedAccessException)
    {
        Log.Error($"{path}: {e.Message}");
        return Failed;
    }
}
