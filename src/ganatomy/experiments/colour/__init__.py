"""Which discriminator is worth its time on natural colour images: one generator, equal time, several seeds.

    python -m ganatomy.experiments.colour --cifar10 CIFAR.zip      writes docs/COLOUR.md

Time is counted in images: a configuration trains on as many as a machine showed it in `--minutes`, at the speed that
was measured once, idle, one configuration after the other. So trainings may share a machine with other work, run on
other machines, go on where they were stopped, and repeat exactly. What docs/colour/colour.json holds, speeds and
trainings, is not measured again.
"""
