using System.CommandLine;
using Sidestep.Daemon;

// DirectorProgram handles signals: the library would handle them only after the start.
return await DaemonCommand.Create().Parse(args)
    .InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }).ConfigureAwait(false);
